#include "jail/weakening.h"

#include "base/limits.h"
#include "text/utf8.h"

namespace countersign::jail {

std::string Weakening::text() const {
    std::string out(kWeakeningNames[static_cast<std::size_t>(kind_)]);
    if (!path_.empty()) {
        out += " " + text::visible(path_, limits::kPathBytesMax);
    }
    return out;
}

}  // namespace countersign::jail
