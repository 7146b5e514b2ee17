"""Messages with DMARC and TLS reports, as several reporters write them, and hostile ones."""

import gzip
import io
import json
import zipfile
from datetime import UTC, datetime
from email.message import EmailMessage

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
BEGIN = int(datetime(2026, 11, 29, tzinfo=UTC).timestamp())
DAY = 86_400

RECORD = """
  <record>
    <row><source_ip>{source}</source_ip><count>{count}</count>
      <policy_evaluated><disposition>{disposition}</disposition><dkim>{dkim}</dkim><spf>{spf}</spf>
      </policy_evaluated></row>
    <identifiers><header_from>{domain}</header_from></identifiers>
    <auth_results>
      <dkim><domain>{domain}</domain><selector>mx1</selector><result>{dkim}</result></dkim>
      <spf><domain>{domain}</domain><result>{spf}</result></spf>
    </auth_results>
  </record>"""
FEEDBACK = """<?xml version="1.0" encoding="{encoding}"?>
<feedback{namespace}>
  {version}
  <report_metadata><org_name>{org}</org_name><email>noreply@{org}</email>
    <report_id>{report_id}</report_id>
    <date_range><begin>{begin}</begin><end>{end}</end></date_range></report_metadata>
  <policy_published><domain>{domain}</domain><p>{policy}</p></policy_published>{records}
</feedback>"""
RFC_9990 = ' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"'


def record(source: str = "203.0.113.11", count: int = 5, **values: str) -> str:
    known = {"disposition": "none", "dkim": "pass", "spf": "pass", "domain": "harbor.example"}
    return RECORD.format(source=source, count=count, **{**known, **values})


def aggregate(*records: str, namespace: str = "", begin: int = BEGIN, **values: str) -> bytes:
    """Return a DMARC report as XML; it is of RFC 7489 without a namespace."""
    known = {
        "encoding": "UTF-8",
        "org": "receiver.example",
        "report_id": "1",
        "domain": "harbor.example",
        "policy": "none",
    }
    text = FEEDBACK.format(
        namespace=namespace,
        version="<version>1.0</version>",
        begin=begin,
        end=begin + DAY - 1,
        records="".join(records or (record(),)),
        **{**known, **values},
    )
    return text.encode()


def tls(failed: int = 2, **values: object) -> bytes:
    """Return a TLS report (RFC 8460 appendix B)."""
    day = datetime.fromtimestamp(BEGIN, UTC).date()
    detail = {
        "result-type": "certificate-expired",
        "sending-mta-ip": "198.51.100.7",
        "receiving-mx-hostname": "mx1.harbor.example",
        "failed-session-count": failed,
    }
    counts = {"total-successful-session-count": 40, "total-failure-session-count": failed}
    policy = {
        "policy": {"policy-type": "sts", "policy-domain": "harbor.example"},
        "summary": counts,
        "failure-details": [detail] if failed else [],
    }
    document = {
        "organization-name": "Receiver",
        "date-range": {
            "start-datetime": f"{day}T00:00:00Z",
            "end-datetime": f"{day}T23:59:59Z",
        },
        "contact-info": "tls@receiver.example",
        "report-id": "tls-1",
        "policies": [policy],
    }
    return json.dumps({**document, **values}).encode()


def zipped(content: bytes, name: str = "report.xml", members: int = 1) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(members):
            archive.writestr(name if not number else f"{number}{name}", content)
    return stream.getvalue()


def message(
    content: bytes,
    name: str = "receiver.example!harbor.example!1!2.xml.gz",
    kind: str = "application/gzip",
    **headers: str,
) -> bytes:
    """Return a message as Postfix delivers it, verified by rspamd of this host."""
    known = {
        "Authentication-Results": "mx1.harbor.example; spf=pass "
        "smtp.mailfrom=noreply@receiver.example; dkim=pass header.d=receiver.example",
        "Received": "from out.receiver.example (out.receiver.example [198.51.100.7]) "
        "by mx1.harbor.example (Postfix) with ESMTPS id ABC for <dmarc@harbor.example>",
        "From": "Reports <noreply@receiver.example>",
        "Subject": "Report domain: harbor.example",
    }
    made = EmailMessage()
    for header, value in {**known, **headers}.items():
        if value:
            made[header.replace("_", "-")] = value
    made.set_content("This is an aggregate report.")
    main, _, sub = kind.partition("/")
    made.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return made.as_bytes()


def compressed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
