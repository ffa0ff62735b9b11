// What somebody outside hands in as evidence, and what mirrors of the log are asked for: proofs,
// witness keys, cosigned notes, entry bundles, names of tiles, records. What parses prints back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "audit/proof.h"
#include "audit/public_log.h"
#include "audit/records.h"
#include "audit/tile_name.h"
#include "base/check.h"
#include "crypto/cosignature.h"
#include "crypto/note.h"

using namespace countersign;

namespace {

void check_notes(std::string_view text) {
    const auto witness = crypto::WitnessKey::parse(text);
    if (witness.ok()) {
        const auto again = crypto::WitnessKey::parse(witness->text());
        CHECK(again.ok() && again.value() == witness.value());
    }
    const auto note = crypto::parse_note(text);
    if (!note.ok()) {
        return;
    }
    CHECK(note->signatures.size() <= crypto::kNoteSignaturesMax);
    const crypto::WitnessKey stranger;
    for (const crypto::NoteSignature& signature : note->signatures) {
        CHECK(!crypto::verify_cosignature(stranger, note->text, signature));
    }
    // Nobody is trusted, so nothing opens.
    CHECK(!crypto::open_note(text, {}).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto proof = audit::parse_proof(text);
    CHECK(!proof.ok() || audit::print_proof(proof.value()) == text);
    CHECK(!audit::verify_proof(text, {}).ok());
    const auto tile = audit::parse_tile_name(text);
    CHECK(!tile || audit::print_tile_name(*tile) == text);
    const auto bundle = audit::parse_entry_bundle(text);
    CHECK(!bundle || audit::entry_bundle(*bundle) == text);
    (void)audit::read_record(text);
    check_notes(text);
    return 0;
}
