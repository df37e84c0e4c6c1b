"""The conformance suite: one check per behaviour of AWS, each with the AWS document that says so.

A check speaks to an endpoint through plain SDK clients, so that the same check runs against the local AWS,
other simulators and a real account:

    python -m tests.conformance                              # the local AWS
    python -m tests.conformance --against moto --against ministack
    python -m tests.conformance --against aws --yes-this-costs
"""
