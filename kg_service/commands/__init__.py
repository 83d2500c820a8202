"""What the command line says: wording, screens, documents and findings. :mod:`kg_service.cli` holds the commands themselves."""
