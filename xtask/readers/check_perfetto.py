"""Reads a trace with Perfetto's own means and compares it with what must be in it.

The trace processor answers if its program can be had: Perfetto's package fetches it from the network. Otherwise
the file is read with the schema that the package brings, and what the trace processor demands of it is checked here.
"""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path


def fail(sentence):
    sys.exit(f"error: {sentence}")


def same(what, found, wanted):
    if found != wanted:
        fail(f"{what}: found {found!r}, wanted {wanted!r}")


def wanted_operations(expected):
    return {row["name"]: (row["calls"], row["durations"]) for row in expected["operations"]}


def ask_processor(file, expected):
    """What the trace processor finds in a file."""
    from perfetto.trace_processor import TraceProcessor

    processor = TraceProcessor(trace=str(file))
    rows = processor.query("select name, count(*) as calls, sum(dur) as durations from slice group by name")
    same(f"operations of {file.name}", {row.name: (row.calls, row.durations) for row in rows},
         wanted_operations(expected))
    problems = processor.query(
        "select sum(value) as number from stats where severity in ('error', 'data_loss') and value > 0")
    same(f"problems in {file.name}", [row.number or 0 for row in problems], [0])
    processor.close()


def read_by_schema(file, expected):
    """Reads the protobuf as strictly as it can be: no unknown field, no number without a name, ends for all begins."""
    from google.protobuf.unknown_fields import UnknownFieldSet
    from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as schema

    trace = schema.Trace()
    trace.ParseFromString(file.read_bytes())

    def check_known(message):
        if len(UnknownFieldSet(message)):
            fail(f"{message.DESCRIPTOR.name} has fields that the schema lacks")
        for field, value in message.ListFields():
            if field.message_type:
                for part in value if field.is_repeated else [value]:
                    check_known(part)

    check_known(trace)
    kinds = schema.TrackEvent
    tracks, names, categories, annotations = {}, {}, {}, {}
    open_spans, last, found = defaultdict(list), defaultdict(int), Counter()
    durations = Counter()
    for packet in trace.packet:
        if packet.HasField("track_descriptor"):
            tracks[packet.track_descriptor.uuid] = packet.track_descriptor
        if packet.HasField("interned_data"):
            names |= {entry.iid: entry.name for entry in packet.interned_data.event_names}
            categories |= {entry.iid: entry.name for entry in packet.interned_data.event_categories}
            annotations |= {entry.iid: entry.name for entry in packet.interned_data.debug_annotation_names}
        if packet.HasField("track_event"):
            event = packet.track_event
            track = event.track_uuid
            if track not in tracks:
                fail(f"an event on track {track}, which is not described")
            if packet.timestamp < last[track]:
                fail(f"time runs backwards on track {track}")
            last[track] = packet.timestamp
            if event.type == kinds.TYPE_SLICE_BEGIN:
                if any(iid not in categories for iid in event.category_iids):
                    fail("a category without a name")
                if any(note.name_iid not in annotations for note in event.debug_annotations):
                    fail("an annotation without a name")
                open_spans[track].append((names[event.name_iid], packet.timestamp))
            elif event.type == kinds.TYPE_SLICE_END:
                name, start = open_spans[track].pop()
                found[name] += 1
                durations[name] += packet.timestamp - start
            else:
                fail(f"an event of type {event.type}")
    same("spans without an end", sum(map(len, open_spans.values())), 0)
    threads = {track.thread.thread_name for track in tracks.values() if track.HasField("thread")}
    same("threads", threads, {thread["name"] for thread in expected["threads"]})
    same("operations", {name: (found[name], durations[name]) for name in found}, wanted_operations(expected))


def read_chrome(file, expected):
    """Reads trace events as the Trace Event Format describes them."""
    trace = json.loads(file.read_text(encoding="utf-8"))
    found, durations = Counter(), Counter()
    for event in trace["traceEvents"]:
        same("process", event["pid"], 1)
        if event["ph"] == "X":
            for field, kind in {"name": str, "cat": str, "ts": (int, float), "dur": (int, float), "tid": int,
                                "args": dict}.items():
                if not isinstance(event[field], kind):
                    fail(f"{field} is {event[field]!r}")
            found[event["name"]] += 1
            durations[event["name"]] += round(event["dur"] * 1000)
        else:
            same("kind of event", event["ph"], "M")
    same("operations", {name: (found[name], durations[name]) for name in found}, wanted_operations(expected))


def main():
    folder = Path(sys.argv[1])
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    native, chrome = folder / "trace.perfetto-trace", folder / "chrome.json"
    read_by_schema(native, expected)
    print(f"{native.name}: {expected['spans']} spans, read by Perfetto's schema")
    read_chrome(chrome, expected)
    print(f"{chrome.name}: {expected['spans']} spans, read by the Trace Event Format")
    try:
        ask_processor(native, expected)
        ask_processor(chrome, expected)
        print(f"{native.name}, {chrome.name}: {expected['spans']} spans each, read by the trace processor")
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"The trace processor could not be fetched, so it was not asked: {error.__class__.__name__}")


main()
