pytest_plugins = ["suite.fixtures"]
