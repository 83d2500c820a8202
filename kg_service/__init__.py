"""Everything that is exact: read the law, build the graph, evaluate, query, record, serve."""

__version__ = "0.1.0"
