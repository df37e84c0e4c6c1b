"""What AWS would refuse of a spec, found without AWS.

Each module holds the rules of one part of a spec. They take declared specs as plain data, yield findings
whose ``path`` points into the spec, never raise, whatever the data, and say nothing of a value that waits for
an output of another resource. A finding is an error only where AWS, or the agent that starts the container,
refuses it for certain; what merely looks wrong is a warning.
"""
