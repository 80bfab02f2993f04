"""Changes to objects of a Kubernetes cluster."""
