"""Reads a topic to its end as an independent consumer that sees committed records only; prints one JSON object a record.

usage: consume.py BOOTSTRAP TOPIC [hex]

With `hex`, keys and values come as hexadecimal digits; otherwise as text.
Ends once every partition has been read up to the offset that it ended at when the consumer began.
"""

import json
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

TIMEOUT_S = 30


def text(value):
    return None if value is None else value.decode("utf-8", "replace")


def digits(value):
    return None if value is None else value.hex()


def main(bootstrap, topic, form="text"):
    shown = text if form == "text" else digits
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "independent",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    partitions = consumer.list_topics(topic, TIMEOUT_S).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    open_partitions = set(partitions)
    while open_partitions:
        record = consumer.poll(TIMEOUT_S)
        if record is None:
            sys.exit(f"{topic}: no record and no end within {TIMEOUT_S} s")
        if record.error():
            if record.error().name() != "_PARTITION_EOF":
                sys.exit(f"{topic}: {record.error()}")
            open_partitions.discard(record.partition())
            continue
        headers = {name: text(value) for name, value in record.headers() or []}
        row = {"partition": record.partition(), "offset": record.offset(), "key": shown(record.key())}
        print(json.dumps({**row, "headers": headers, "value": shown(record.value())}))
    consumer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
