"""Inputs that broke a decoder once, found by mutations: each is a notice now, or refused."""

import pytest
from fuzz_mutations import AVRO_SCHEMA, avro_block, avro_container

from listeners.decode import decode
from tocsin.domain.errors import NoticeError

TEXT = "TITLE: GCN NOTICE\nTRIGGER_NUM: {trigger}\nEVENT_NUM: 12\nNOTICE_DATE: Tue 06 May 31 07:08:09 UT\n"


@pytest.mark.parametrize("trigger", ["\xa0,   Seg_Num: 0", ", ,", ",1"])
def test_a_text_notice_whose_number_is_missing_before_the_comma(trigger: str) -> None:
    assert decode(TEXT.format(trigger=trigger).encode()).event_ids == ("12",)


def test_an_avro_schema_whose_field_has_a_number_for_a_name() -> None:
    fields = [{**field, "name": 1} for field in AVRO_SCHEMA["fields"]]
    payload = avro_container(
        avro_block(b"UPDATE", b"2031-05-06T07:06:35Z", b"S1"), schema={**AVRO_SCHEMA, "fields": fields}
    )
    with pytest.raises(NoticeError, match="broken Avro"):
        decode(payload)
