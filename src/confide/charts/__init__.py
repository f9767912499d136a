"""Offline pictures of what was released or would be: SVG and Vega-Lite, nothing to fetch, nothing to run."""
