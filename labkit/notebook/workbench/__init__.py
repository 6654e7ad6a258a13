"""The dashboard: its model is plain Python (``model``), its view native widgets (``view``)."""
