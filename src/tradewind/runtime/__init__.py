"""Puts processes together: settings, blueprints, service registry, process runner, supervisor."""
