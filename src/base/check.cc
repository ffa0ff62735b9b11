#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace countersign {

void check_failed(const char* file, int line, const char* condition) {
    std::fprintf(stderr, "countersign: broken invariant at %s:%d: %s\n", file, line, condition);
    std::abort();
}

}  // namespace countersign
