"""A key pair for listening once: what is sealed for it opens in this process and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from coordinator_app.domain.sealing import NotOursError, unseal
from coordinator_app.errors import RefusedError
from coordinator_app.secrets.sound import DamagedSoundError, decrypt, listener_context


class OneTimeKey:
    """See ``ports.PlaybackKey``."""

    def __init__(self) -> None:
        self._key = X25519PrivateKey.generate()

    @property
    def public_key(self) -> bytes:
        """See ``ports.PlaybackKey``."""
        return self._key.public_key().public_bytes_raw()

    def open(
        self, recording_id: UUID, sealed_key: bytes, pieces: Iterable[bytes], count: int
    ) -> bytes:
        """See ``ports.PlaybackKey``."""
        try:
            key = unseal(self._key, listener_context(recording_id), sealed_key)
            return decrypt(key, recording_id, pieces, count)
        except (NotOursError, DamagedSoundError):
            raise RefusedError(
                "The recording is damaged and cannot be played. Tell the administrator.",
                name="recording_damaged",
            ) from None
