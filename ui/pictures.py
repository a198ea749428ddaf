from pathlib import Path
def run_pictures(folder: Path) -> int:
    return 0
