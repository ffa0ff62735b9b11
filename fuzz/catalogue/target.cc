// Words of a command, separated by newlines, through the catalogue: no crash, and never silence
// about a program or form that is not known. A word that begins with "$" is an unknown one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "catalogue/catalogue.h"
#include "catalogue/example.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace countersign;
    const std::string text(data, data + size);
    model::ResolvedCommand command;
    command.directory = "/w";
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string word = text.substr(at, end - at);
        command.argv.push_back(word.starts_with('$') ? model::Word::unknown("fuzz")
                                                     : model::Word::literal(word));
        at = end + 1;
    }
    const catalogue::Understanding found =
        catalogue::understand(command, catalogue::example_place());
    if (!(found.known_program && found.known_form) && found.why_unknown.empty()) {
        std::abort();
    }
    if (!(found.known_program && found.known_form) && found.effects.empty()) {
        std::abort();
    }
    return 0;
}
