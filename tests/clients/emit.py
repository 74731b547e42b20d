"""Emits a small pipeline with the stock OpenLineage client, as a data platform would, over the transport that it is told.

usage: emit.py http URL | emit.py kafka BOOTSTRAP TOPIC

Three jobs: orders and customers are staged, a report is made of both, and an export of the report fails. Ids and times are
fixed, so that emitting twice sends the same events twice.
"""

import sys

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import error_message_run, ownership_job, schema_dataset
from openlineage.client.transport.http import HttpConfig, HttpTransport
from openlineage.client.transport.kafka import KafkaConfig, KafkaTransport

PRODUCER = "https://example.test/shop-pipeline"
NAMESPACE = "shop"
WAREHOUSE = "postgres://warehouse:5432"


def transport(arguments):
    if arguments[0] == "http":
        return HttpTransport(HttpConfig.from_dict({"url": arguments[1]}))
    config = {"bootstrap.servers": arguments[1], "acks": "all"}
    return KafkaTransport(KafkaConfig.from_dict({"config": config, "topic": arguments[2], "flush": True}))


def schema(*names):
    fields = [schema_dataset.SchemaDatasetFacetFields(name=name, type="text") for name in names]
    return {"schema": schema_dataset.SchemaDatasetFacet(fields=fields)}


def events(channel):
    """The events of one pass; the job names carry the channel, so that both transports can be told apart."""
    steps = [
        ("stage_orders", "01", ["raw.orders"], ["staging.orders"], RunState.COMPLETE),
        ("stage_customers", "02", ["raw.customers"], ["staging.customers"], RunState.COMPLETE),
        ("report", "03", ["staging.orders", "staging.customers"], ["mart.report"], RunState.COMPLETE),
        ("export", "04", ["mart.report"], ["partner.feed"], RunState.FAIL),
    ]
    prefix = "aaaa" if channel == "http" else "bbbb"
    for minute, (name, number, inputs, outputs, end) in enumerate(steps):
        run_id = f"0192{prefix}-0000-7000-8000-0000000000{number}"
        owners = [ownership_job.Owner(name="team:shop")]
        job = Job(NAMESPACE, f"{channel}.{name}", {"ownership": ownership_job.OwnershipJobFacet(owners=owners)})
        reads = [InputDataset(WAREHOUSE, f"{channel}.{table}", facets=schema("id", "name")) for table in inputs]
        writes = [OutputDataset(WAREHOUSE, f"{channel}.{table}", facets=schema("id", "name")) for table in outputs]
        for second, state in ((0, RunState.START), (30, end)):
            facets = {}
            if state == RunState.FAIL:
                facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
                    message="partner refused the file", programmingLanguage="python"
                )
            yield RunEvent(
                eventType=state,
                eventTime=f"2026-03-01T06:{minute:02d}:{second:02d}Z",
                run=Run(run_id, facets),
                job=job,
                producer=PRODUCER,
                inputs=reads,
                outputs=writes,
            )


def main(arguments):
    client = OpenLineageClient(transport=transport(arguments))
    for event in events(arguments[0]):
        client.emit(event)
    close = getattr(client, "close", None)
    if close:
        close()


if __name__ == "__main__":
    main(sys.argv[1:])
