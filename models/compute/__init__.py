"""Torch utilities of the models: device, threads, precision, CUDA graphs, seeded random numbers, benchmarks."""
