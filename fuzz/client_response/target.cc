// What a client reads of a gateway's answers: the head, and the events of the live view. Events are
// the same however the bytes are cut.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "client/event_stream.h"
#include "client/http.h"

using namespace countersign;

namespace {

/// Types and data of all events; "!" at the end where the stream is malformed.
std::vector<std::string> events_of(std::string_view text, std::size_t piece) {
    std::vector<std::string> out;
    std::string buffer;
    for (std::size_t at = 0; at < text.size(); at += piece) {
        buffer += text.substr(at, piece);
        while (true) {
            auto event = client::take_event(buffer);
            if (!event.ok()) {
                out.emplace_back("!");
                return out;
            }
            if (!event.value()) {
                break;
            }
            out.push_back((*event)->type + "\n" + (*event)->data);
        }
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto head = client::parse_response_head(text);
    if (head.ok()) {
        CHECK(head->status >= 100 && head->status <= 599);
        CHECK(head->body_bytes <= client::kAnswerBytesMax);
    }
    CHECK(events_of(text, 7) == events_of(text, std::size_t{1} << 20U));
    return 0;
}
