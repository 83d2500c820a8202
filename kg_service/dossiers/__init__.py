"""Dossiers: one for each initiative, with its six decisions."""
