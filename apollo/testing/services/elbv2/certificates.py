"""The certificates of HTTPS and TLS listeners beside the default one. They are not looked up in ACM or IAM.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html
"""

from apollo.testing.errors import ApiError
from apollo.testing.services.elbv2.paging import page
from apollo.testing.services.elbv2.region import Region, invalid
from apollo.testing.services.elbv2.state import Json, Listener
from apollo.testing.world import Call

MOST = 25
"""The quota "Certificates per Application Load Balancer", default certificates not counted."""


def _read(elb: Region, call: Call) -> tuple[Listener, str]:
    listener = elb.listener(call.params["ListenerArn"])
    given = call.params["Certificates"]
    if len(given) != 1 or not given[0].get("CertificateArn"):
        raise invalid("Exactly one certificate must be specified")
    if "IsDefault" in given[0]:
        raise invalid("You cannot set the isDefault parameter for a certificate")
    if "SslPolicy" not in listener.fields:
        raise invalid(f"Certificates are not supported on {listener.fields.get('Protocol')} listeners")
    return listener, str(given[0]["CertificateArn"])


def add(elb: Region, call: Call) -> Json:
    """ "If the certificate in already in the certificate list, the call is successful but the certificate is
    not added again."

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddListenerCertificates.html
    """
    listener, arn = _read(elb, call)
    if not arn.startswith(("arn:aws:acm:", "arn:aws:iam:")):
        raise ApiError("CertificateNotFound", f"Certificate '{arn}' not found")
    if arn not in listener.certificates:
        taken = {name for one in listener.balancer.listeners.values() for name in one.certificates}
        if len(taken | {arn}) > MOST:
            raise ApiError(
                "TooManyCertificates", f"The maximum number of certificates on '{listener.arn}' is reached"
            )
        listener.certificates.append(arn)
    return {"Certificates": [{"CertificateArn": arn, "IsDefault": False}]}


def remove(elb: Region, call: Call) -> Json:
    """The default certificate stays: it is changed by ModifyListener.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RemoveListenerCertificates.html
    """
    listener, arn = _read(elb, call)
    if arn in listener.certificates:
        listener.certificates.remove(arn)
    elif any(one["CertificateArn"] == arn for one in listener.fields["Certificates"]):
        raise ApiError("OperationNotPermitted", "The default certificate of a listener cannot be removed")
    return {}


def describe(elb: Region, call: Call) -> Json:
    """The default one first; "If the default certificate is also in the certificate list, it appears twice".

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListenerCertificates.html
    """
    listener = elb.listener(call.params["ListenerArn"])
    found = [
        {"CertificateArn": one["CertificateArn"], "IsDefault": True}
        for one in listener.fields.get("Certificates", [])
    ]
    found += [{"CertificateArn": arn, "IsDefault": False} for arn in listener.certificates]
    chunk, more = page(found, call.params)
    return {"Certificates": chunk, **more}
