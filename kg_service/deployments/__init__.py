"""Deployments that users store: kept durably, and shown in the graph beside the law with what was found of them."""
