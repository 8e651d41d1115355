"""How the models run on torch: device, threads, precision, seeded random numbers."""
