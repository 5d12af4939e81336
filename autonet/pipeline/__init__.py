"""Pipeline: configurations to trained networks, by modality; selection and refit."""
