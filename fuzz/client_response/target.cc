// The head of a gateway's answer, as the client reads it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "client/http.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto head = countersign::client::parse_response_head(text);
    if (head.ok()) {
        CHECK(head->status >= 100 && head->status <= 599);
        CHECK(head->body_bytes <= countersign::client::kAnswerBytesMax);
    }
    return 0;
}
