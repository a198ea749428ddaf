"""The gateway: the headless process between the practice's database and the phone carrier.

It owns every secret that costs money or reaches a patient; no desktop has them.
"""
