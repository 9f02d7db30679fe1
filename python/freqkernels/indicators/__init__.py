"""Rolling statistics and technical indicators over arrays, Series and frames."""
