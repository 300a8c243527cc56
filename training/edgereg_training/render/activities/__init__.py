"""Rendered activities of several steps: a tower is built, a cup is filled, a picture is drawn."""
