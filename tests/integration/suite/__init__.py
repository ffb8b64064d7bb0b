"""What the integration and fault tests stand on: real binaries, a fake provider, and oracles."""
