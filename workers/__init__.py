"""Composition: settings become gateways, gateways become activities, activities a worker."""
