#include "model/vote.h"

#include "model/codec.h"
#include "model/codec_parts.h"

namespace countersign::model {

std::string vote_statement(const Vote& vote) {
    boost::json::value statement = to_json(vote);
    statement.get_object().erase("signature");
    // Cannot fail: canonical_json refuses numbers that are not finite, and a vote holds none.
    return MUST(text::canonical_json(statement));
}

}  // namespace countersign::model
