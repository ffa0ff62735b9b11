// Requests for consent as the store gives them back, were the store written by somebody else: what
// parses prints to what parses to the same.
#include <cstddef>
#include <cstdint>
#include <string>

#include "approval/consent_codec.h"
#include "base/check.h"

using namespace countersign;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string document(reinterpret_cast<const char*>(data), size);
    const auto consent = approval::parse_consent(document);
    if (!consent.ok()) {
        return 0;
    }
    const auto again = approval::parse_consent(approval::print_consent(consent.value()));
    CHECK(again.ok() && again.value() == consent.value());
    return 0;
}
