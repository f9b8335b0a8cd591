#!/usr/bin/env python3
"""Writes tenants.map: N hosts (50,000 where no number is given) spread over three pools, the same at each run."""
import sys

n = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
pools = ("small", "medium", "large")
with open("tenants.map", "w") as f:
    f.write("# host -> pool, made by generate.py\n")
    for i in range(n):
        f.write(f"t{i}.example.com {pools[i * 7919 % 3]}\n")
