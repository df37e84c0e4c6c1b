"""The services that are not ours, answered by moto in the same process: the extra `apollo-ecs[testing]`."""
