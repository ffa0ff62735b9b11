// What doctor says of kernels that this machine does not have.
#include "jail/features.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace countersign::jail {
namespace {

Feature named(const std::vector<Feature>& lines, const std::string& name) {
    const auto found = std::find_if(lines.begin(), lines.end(),
                                    [&](const Feature& line) { return line.name == name; });
    return found == lines.end() ? Feature{} : *found;
}

TEST(Features, ABareKernelEnforcesNothingAndEachLineSaysWhatFollows) {
    for (const Feature& line : features_of({})) {
        EXPECT_FALSE(line.available) << line.name;
        EXPECT_TRUE(line.detail.starts_with("not enforced: ")) << line.name;
        EXPECT_EQ(line.required, line.detail.find("nothing is run") != std::string::npos)
            << line.name;
    }
}

TEST(Features, EachAbsentFeatureIsItsOwnLine) {
    sys::KernelFeatures kernel = sys::probe_whole_kernel();
    kernel.landlock_version = 5;
    kernel.network_cookies = false;
    kernel.user_overlay = true;
    const auto lines = features_of(kernel);
    EXPECT_EQ(named(lines, "Landlock").detail, "enforced: writes stay inside the workspace; ABI 5");
    EXPECT_FALSE(named(lines, "Landlock scopes").available);
    EXPECT_EQ(named(lines, "network gate").detail,
              "not enforced: every connection of the tree fails (Linux 5.14)");
    EXPECT_TRUE(named(lines, "overlay").available);
}

}  // namespace
}  // namespace countersign::jail
