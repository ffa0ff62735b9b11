// Datagrams of the tree to the resolver inside the jail: several in turn to one table, since PTR
// queries ask for what A queries made. An answer is one to that query, and small.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "jail/names.h"

using namespace countersign;

namespace {

constexpr std::size_t kAnswerBytesMax = 1024;
constexpr std::size_t kHeaderBytes = 12;

void check_answer(std::string_view query, std::string_view answer) {
    if (answer.empty()) {
        return;
    }
    CHECK(answer.size() >= kHeaderBytes && answer.size() <= kAnswerBytesMax);
    CHECK(answer.substr(0, 2) == query.substr(0, 2));
    CHECK((static_cast<unsigned char>(answer[2]) & 0x80U) != 0);
}

}  // namespace

/// Each datagram stands behind its length, one byte; the last may be cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    jail::NameTable table;
    while (!rest.empty()) {
        const std::size_t length = static_cast<unsigned char>(rest.front());
        const std::string_view query = rest.substr(1, length);
        rest.remove_prefix(1 + query.size());
        check_answer(query, jail::answer_query(query, table));
    }
    return 0;
}
