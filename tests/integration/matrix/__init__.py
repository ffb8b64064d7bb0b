"""The matrix: every surface through its official clients, on every provider format."""
