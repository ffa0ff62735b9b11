#include "sys/real_random.h"

#include <cerrno>
#include <sys/random.h>

#include "base/check.h"

namespace countersign::sys {

void RealRandom::fill(std::span<std::byte> out) {
    while (!out.empty()) {
        const ssize_t count = ::getrandom(out.data(), out.size(), 0);
        if (count < 0) {
            // getrandom(2) with flags 0 and a good buffer fails with EINTR only.
            CHECK(errno == EINTR);
            continue;
        }
        out = out.subspan(static_cast<std::size_t>(count));
    }
}

}  // namespace countersign::sys
