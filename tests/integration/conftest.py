pytest_plugins = ["suite.fixtures"]


def pytest_addoption(parser):
    parser.addoption("--write-docs", action="store_true",
                     help="matrix_test keeps its table in docs/compatibility.md")
