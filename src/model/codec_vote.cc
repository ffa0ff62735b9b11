#include "base/limits.h"
#include "model/codec.h"
#include "model/codec_parts.h"

namespace countersign::model {

namespace json = boost::json;

json::value to_json(const Vote& vote) {
    return json::object{
        {"action", json_text(vote.action)},      {"action_digest", json_text(vote.action_digest)},
        {"approver", json_text(vote.approver)},  {"ballot", json_name(ballot_name(vote.ballot))},
        {"comment", json_text(vote.comment)},    {"time", json_instant(vote.time)},
        {"signature", json_text(vote.signature)}};
}

Result<Vote> vote_from(const json::value& value) {
    text::ObjectReader in(value, "vote");
    Vote vote;
    vote.action = in.string("action", limits::kNameBytesMax);
    vote.action_digest = in.string("action_digest", limits::kNameBytesMax);
    vote.approver = in.string("approver", limits::kNameBytesMax);
    vote.ballot = enum_member(in, "ballot", kBallotNames, Ballot::Deny);
    vote.comment = in.string("comment", limits::kCommentBytesMax);
    vote.time = instant_member(in, "time");
    vote.signature = in.string("signature", limits::kKeyFileBytesMax);
    TRY(in.finish());
    return vote;
}

json::value to_json(const Approver& approver) {
    return json::object{{"name", json_text(approver.name)},
                        {"public_key", json_text(approver.public_key)},
                        {"enrolled", json_instant(approver.enrolled)},
                        {"active", approver.active}};
}

Result<Approver> approver_from(const json::value& value) {
    text::ObjectReader in(value, "approver");
    Approver approver;
    approver.name = in.string("name", limits::kNameBytesMax);
    approver.public_key = in.string("public_key", limits::kKeyFileBytesMax);
    approver.enrolled = optional_instant(in, "enrolled").value_or(Instant{});
    approver.active = in.boolean_or("active", true);
    TRY(in.finish());
    return approver;
}

}  // namespace countersign::model
