"""freqtrade as it is installed: the only package of ours that imports it."""
