#include <gtest/gtest.h>

#include "catalogue/catalogue.h"
#include "catalogue/example.h"
#include "catalogue/hosts.h"

namespace countersign::catalogue {
namespace {

using Class = model::Place;

struct Case {
    const char* text;
    Class place;
};

TEST(Paths, AreClassedByWhatStandsThere) {
    for (const Case& entry : {Case{"/w/a.c", Class::Workspace},
                              Case{"/w/.git/config", Class::VersionControl},
                              Case{"/w/.github/workflows/x.yml", Class::Ci},
                              Case{"/w/.env", Class::Secret},
                              Case{"/w/.env.example", Class::Workspace},
                              Case{"/w/.env.test", Class::Secret},
                              Case{"/w/.env.development", Class::Secret},
                              Case{"/etc/sudoers", Class::Secret},
                              Case{"/etc/sudoers.d/x", Class::Secret},
                              Case{"/wx/a", Class::OtherPath},
                              Case{"/tmp/x", Class::Temporary},
                              Case{"/dev/shm/x", Class::Temporary},
                              Case{"/home/u/a", Class::Home},
                              Case{"/root/x", Class::Home},
                              Case{"/home/u/.ssh/id_rsa", Class::Secret},
                              Case{"/home/u/.ssh/id_rsa.pub", Class::Home},
                              Case{"/home/u/.ssh/authorized_keys", Class::Startup},
                              Case{"/home/u/.aws/credentials", Class::Secret},
                              Case{"/home/u/.config/google-chrome/Default/Cookies", Class::Secret},
                              Case{"/home/u/.bash_history", Class::Secret},
                              Case{"/proc/12/environ", Class::Secret},
                              Case{"/proc/self/environ", Class::Secret},
                              Case{"/etc/shadow", Class::Secret},
                              Case{"/etc/shadow-", Class::Secret},
                              Case{"/etc/passwd", Class::System},
                              Case{"/home/u/.bashrc", Class::Startup},
                              Case{"/etc/profile.d/x.sh", Class::Startup},
                              Case{"/etc/cron.d/x", Class::Schedule},
                              Case{"/var/spool/cron/u", Class::Schedule},
                              Case{"/etc/systemd/system/x.service", Class::Schedule},
                              Case{"/dev/sda", Class::Device},
                              Case{"/dev/null", Class::None},
                              Case{"/boot/vmlinuz", Class::Boot},
                              Case{"/", Class::System},
                              Case{"/srv/data", Class::OtherPath},
                              Case{"/home/u/.config/countersign/policy.toml", Class::Gateway},
                              Case{"/home/u/.local/state/countersign", Class::Gateway},
                              Case{"/run/user/1000/countersign/operator.sock", Class::Gateway},
                              Case{"/usr/bin/countersign", Class::Gateway},
                              Case{"/var/lib/countersign/x", Class::Gateway},
                              Case{"/w/countersign/a.cc", Class::Workspace},
                              Case{"relative", Class::Unknown}}) {
        EXPECT_EQ(class_of_path(entry.text, example_place()), entry.place) << entry.text;
    }
}

TEST(Paths, APatternIsClassedByWhatItCouldMatch) {
    for (const Case& entry :
         {Case{"/etc/sha*", Class::Secret}, Case{"/home/u/.s*/id_*", Class::Secret},
          Case{"/home/*/.ssh/*", Class::Secret}, Case{"/?tc/shadow", Class::Secret},
          Case{"/w/*.o", Class::Workspace}, Case{"/dev/s*", Class::Device},
          Case{"/home/u/**/*.mp3", Class::Home}, Case{"/**/*.jpg", Class::System},
          Case{"/home/u/**/*.key", Class::Secret}, Case{"/home/u/.ssh/**/*.mp3", Class::Secret},
          Case{"/dev/n*", Class::Device}, Case{"/home/u/.config/counter*/x", Class::Gateway}}) {
        EXPECT_EQ(class_of_path(entry.text, example_place()), entry.place) << entry.text;
    }
}

TEST(Paths, AreResolvedLexically) {
    EXPECT_EQ(resolve_path("../etc/./x", example_place()), "/etc/x");
    EXPECT_EQ(resolve_path("/a/../../b//c/", example_place()), "/b/c");
    EXPECT_EQ(resolve_path("..", example_place()), "/");
    Place nowhere;
    EXPECT_EQ(resolve_path("a", nowhere), std::nullopt);
    EXPECT_EQ(resolve_path("/a", nowhere), "/a");
}

TEST(Hosts, AreClassedInEverySpelling) {
    for (const Case& entry : {Case{"localhost", Class::Loopback},
                              Case{"LOCALHOST.", Class::Loopback},
                              Case{"127.0.0.1", Class::Loopback},
                              Case{"127.1", Class::Loopback},
                              Case{"0x7f000001", Class::Loopback},
                              Case{"2130706433", Class::Loopback},
                              Case{"0177.0.0.1", Class::Loopback},
                              Case{"::1", Class::Loopback},
                              Case{"[::ffff:127.0.0.1]", Class::Loopback},
                              Case{"10.1.2.3", Class::PrivateHost},
                              Case{"172.31.0.1", Class::PrivateHost},
                              Case{"172.32.0.1", Class::PublicHost},
                              Case{"192.168.0.1", Class::PrivateHost},
                              Case{"fe80::1%eth0", Class::PrivateHost},
                              Case{"fd12::1", Class::PrivateHost},
                              Case{"169.254.169.254", Class::MetadataService},
                              Case{"0xA9FEA9FE", Class::MetadataService},
                              Case{"2852039166", Class::MetadataService},
                              Case{"::ffff:169.254.169.254", Class::MetadataService},
                              Case{"[::ffff:a9fe:a9fe]", Class::MetadataService},
                              Case{"fd00:ec2::254", Class::MetadataService},
                              Case{"metadata.google.internal", Class::MetadataService},
                              Case{"db", Class::PrivateHost},
                              Case{"x.svc.cluster.local", Class::PrivateHost},
                              Case{"github.com", Class::PublicHost},
                              Case{"8.8.8.8", Class::PublicHost},
                              Case{"2001:4860:4860::8888", Class::PublicHost},
                              Case{"abc.onion", Class::OnionHost},
                              Case{"x.ngrok.io", Class::PasteOrTunnel},
                              Case{"transfer.sh", Class::PasteOrTunnel},
                              Case{"nottransfer.sh", Class::PublicHost},
                              Case{"", Class::Unknown}}) {
        EXPECT_EQ(class_of_host(entry.text), entry.place) << entry.text;
    }
}

TEST(Hosts, AreTakenOutOfWhatProgramsTake) {
    const auto host = [](std::string_view text) {
        const auto found = destination_of(text, Extent::Whole);
        return found ? found->text() : "none";
    };
    EXPECT_EQ(host("https://u:p@Example.COM:8443/x?y"), "example.com:8443");
    EXPECT_EQ(host("https://good.example.com@evil.example.net/"), "evil.example.net");
    EXPECT_EQ(host("http://evil.example.net\\@good.example.com"), "evil.example.net");
    EXPECT_EQ(host("u@h:22"), "h:22");
    EXPECT_EQ(host("http://[::1]:80/"), "::1:80");
    EXPECT_EQ(host("http://"), "none");
    EXPECT_FALSE(destination_of("https://good.example", Extent::Beginning));
    EXPECT_TRUE(destination_of("https://good.example/", Extent::Beginning));
}

}  // namespace
}  // namespace countersign::catalogue
