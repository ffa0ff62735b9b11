#include "audit/witness.h"

#include <algorithm>

#include "text/encoding.h"
#include "text/number.h"
#include "text/utf8.h"

namespace countersign::audit {
namespace {

constexpr int kOk = 200;
constexpr int kConflict = 409;
constexpr std::size_t kAnswerShownMax = 200;
/// A tree's size fits in 53 bits everywhere here.
constexpr std::int64_t kSizeMax = (std::int64_t{1} << 53) - 1;

std::string meaning_of(int status) {
    switch (status) {
        case 403:
            return "it does not know the key that signed the checkpoint";
        case 404:
            return "it does not know this log";
        case kConflict:
            return "it has cosigned another tree of this size: history was rewritten";
        case 422:
            return "the checkpoint does not extend what it has cosigned: history was rewritten";
        default:
            return "status " + std::to_string(status);
    }
}

/// The text of a note and its signature lines.
struct Halves {
    std::string_view text;
    std::string_view lines;
};

std::optional<Halves> halves_of(std::string_view note) {
    const std::size_t gap = note.rfind("\n\n");
    if (gap == std::string_view::npos) {
        return std::nullopt;
    }
    return Halves{note.substr(0, gap + 1), note.substr(gap + 2)};
}

}  // namespace

Result<std::string> add_checkpoint_request(LogFiles& log, std::uint64_t old_size) {
    if (old_size > log.head().size) {
        return Error(ErrorCode::InvalidArgument,
                     "the witness has seen " + std::to_string(old_size) +
                         " records and this log has " + std::to_string(log.head().size),
                     "the log was cut back, or the witness means another log");
    }
    std::string out = "old " + std::to_string(old_size) + "\n";
    if (old_size > 0) {
        const std::vector<crypto::Digest> proof = TRY(log.consistency_proof(old_size));
        for (const crypto::Digest& hash : proof) {
            out += text::to_base64(hash.bytes) + "\n";
        }
    }
    return out + "\n" + log.checkpoint();
}

Result<WitnessAnswer> read_witness_answer(int status, std::string_view body,
                                          const crypto::WitnessKey& witness,
                                          std::string_view checkpoint) {
    WitnessAnswer answer;
    if (status == kConflict && body.ends_with('\n')) {
        const auto size = text::parse_integer(body.substr(0, body.size() - 1), 0, kSizeMax);
        if (size) {
            answer.kind = WitnessAnswer::Kind::OtherSize;
            answer.size = static_cast<std::uint64_t>(*size);
            return answer;
        }
    }
    if (status != kOk) {
        return Error(ErrorCode::PermissionDenied,
                     "witness " + witness.name + " refused: " + meaning_of(status),
                     text::visible(body, kAnswerShownMax));
    }
    const std::string both = std::string(checkpoint) + std::string(body);
    const crypto::Note note = TRY(crypto::parse_note(both));
    for (const crypto::NoteSignature& signature : note.signatures) {
        const auto seconds = crypto::verify_cosignature(witness, note.text, signature);
        if (seconds) {
            const std::string bytes = [&] {
                std::string id;
                for (int shift = 24; shift >= 0; shift -= 8) {
                    id += static_cast<char>(signature.key_id >> static_cast<unsigned>(shift));
                }
                return id + signature.signature;
            }();
            // Only what verified is taken over: an answer may hold anything else besides.
            answer.note = std::string(checkpoint) + "\xE2\x80\x94 " + signature.name + " " +
                          text::to_base64(text::bytes_of(bytes)) + "\n";
            answer.seconds = *seconds;
            return answer;
        }
    }
    return Error(ErrorCode::PermissionDenied,
                 "witness " + witness.name + " sent no cosignature that verifies with its key");
}

Result<std::string> merge_signatures(std::string_view note, std::string_view more) {
    const auto ours = halves_of(note);
    const auto theirs = halves_of(more);
    if (!ours || !theirs || ours->text != theirs->text) {
        return Error(ErrorCode::InvalidArgument, "signatures of another checkpoint");
    }
    std::string out(note);
    std::string_view lines = theirs->lines;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
        const std::string_view line = lines.substr(0, end);
        if (out.find("\n" + std::string(line)) == std::string::npos) {
            out += line;
        }
        lines.remove_prefix(end);
    }
    TRY(crypto::parse_note(out));
    return out;
}

Result<std::vector<std::string>> cosigners(std::string_view note,
                                           const std::vector<crypto::WitnessKey>& witnesses) {
    const crypto::Note parsed = TRY(crypto::parse_note(note));
    std::vector<std::string> names;
    for (const crypto::WitnessKey& witness : witnesses) {
        const bool cosigned = std::any_of(
            parsed.signatures.begin(), parsed.signatures.end(), [&](const auto& signature) {
                return crypto::verify_cosignature(witness, parsed.text, signature).has_value();
            });
        if (cosigned) {
            names.push_back(witness.name);
        }
    }
    return names;
}

}  // namespace countersign::audit
