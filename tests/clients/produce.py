"""Produces raw records, one for each line of standard input: a JSON object with `value` (text) or `size` (that many bytes of
`x`), and perhaps `key` and `headers` (an object of texts). Waits until all are acknowledged.

usage: produce.py BOOTSTRAP TOPIC
"""

import json
import sys

from confluent_kafka import Producer


def main(bootstrap, topic):
    failed = []
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "message.max.bytes": 40_000_000})
    for line in sys.stdin:
        record = json.loads(line)
        value = record.get("value", "").encode() or b"x" * record["size"]
        headers = list(record.get("headers", {}).items())
        told = lambda error, _: error and failed.append(error)  # noqa: E731
        producer.produce(topic, value, record.get("key"), headers=headers, callback=told)
        producer.poll(0)
    producer.flush(60)
    if failed:
        sys.exit(f"{topic}: {failed[0]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
