"""What every performance figure of the project is measured with. `python -m benchmarks --help` tells how."""
