// Everything of the record that is read from bytes which somebody may have written: log lines,
// segment headers, checkpoints, receipts, key files, signatures and notes. What parses prints back
// as it was.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "audit/canonical_reader.h"
#include "audit/checkpoints.h"
#include "audit/envelope.h"
#include "audit/layout.h"
#include "audit/receipt.h"
#include "audit/verify_scan.h"
#include "base/check.h"
#include "crypto/keys.h"
#include "crypto/note.h"
#include "crypto/sshsig.h"
#include "text/json.h"

using namespace countersign;

namespace {

/// The one-pass reader may never call canonical what is not, nor malformed what is canonical.
void check_reader(std::string_view text) {
    audit::CanonicalReader reader;
    const auto verdict = reader.read(text);
    const auto value = text::parse_json(text, 1 << 20);
    const auto printed = value.ok() ? text::canonical_json(value.value()) : value.error();
    const bool canonical = printed.ok() && printed.value() == text;
    CHECK(verdict != audit::CanonicalReader::Verdict::Canonical || canonical);
    CHECK(verdict != audit::CanonicalReader::Verdict::Malformed || !canonical);
    audit::ScannedLine scanned;
    audit::scan_line(text, reader, scanned);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto envelope = audit::parse_envelope(text);
    CHECK(!envelope.ok() || audit::print_envelope(envelope.value()) == text);
    check_reader(text);
    const auto header = audit::parse_header(text);
    CHECK(!header.ok() || audit::parse_header(audit::print_header(header.value())).ok());
    const auto verifier = crypto::NoteVerifier::parse(text);
    CHECK(!verifier.ok() || crypto::NoteVerifier::parse(verifier->text()).ok());
    (void)audit::parse_tree_head(text);
    (void)audit::parse_checkpoint_line(text);
    (void)audit::verify_receipt(text, {});
    (void)crypto::parse_note(text);
    (void)crypto::PublicKey::from_line(text);
    (void)crypto::SigningKey::from_openssh(text);
    (void)crypto::sshsig_signer(text, "countersign-vote@v1", "message");
    return 0;
}
