#include "risk/weights.h"

#include <array>

namespace countersign::risk {
namespace {

using model::Place;
using model::Tier;
using K = model::EffectKind;
using C = Condition;

constexpr Conditions kNone{};
constexpr Places kWork = places(Place::Workspace);
constexpr Places kTemp = places(Place::Temporary);
constexpr Places kHomeOrOther = places(Place::Home, Place::OtherPath);
constexpr Places kLasting = places(Place::Startup, Place::Schedule);
constexpr Places kLocalNet = places(Place::Loopback);
constexpr Places kGateway = places(Place::Gateway);
constexpr Places kDevice = places(Place::Device);
constexpr Places kDark = places(Place::OnionHost, Place::PasteOrTunnel);
constexpr Places kMetadata = places(Place::MetadataService);
constexpr Places kRepository = places(Place::VersionControl);

constexpr auto kReads = std::to_array<EffectWeight>({
    {K::Read, kGateway, kNone, kNone, Tier::Irreversible, 65, "read.gateway",
     "reads files of this gateway"},
    {K::Read, places(Place::Secret), kNone, kNone, Tier::SideEffect, 42, "read.secret",
     "reads a secret"},
    {K::Read, kDevice, kNone, kNone, Tier::SideEffect, 45, "read.device", "reads a raw device"},
    {K::Read, kMetadata, kNone, kNone, Tier::Irreversible, 72, "read.metadata",
     "reads credentials of the machine's cloud role"},
    {K::Read, kRepository, kNone, kNone, Tier::ReadOnly, 1, "read.file", "reads"},
    {K::Read, places(Place::Unknown), only(C::Contained), kNone, Tier::ReadOnly, 6, "read.unknown",
     "reads a path that is not known"},
    {K::Read, places(Place::Unknown), kNone, kNone, Tier::IdempotentWrite, 14, "read.unknown",
     "reads a path that is not known"},
    {K::Read, kHomeOrOther, kNone, kNone, Tier::ReadOnly, 5, "read.outside",
     "reads outside the workspace"},
    {K::Read, places(Place::System, Place::Boot), kNone, kNone, Tier::ReadOnly, 3, "read.system",
     "reads a system file"},
    {K::Read, kAnywhere, kNone, kNone, Tier::ReadOnly, 1, "read.file", "reads"},
    {K::SecretRead, kGateway, kNone, kNone, Tier::Irreversible, 70, "read.gateway",
     "reads secrets of this gateway"},
    {K::SecretRead, kAnywhere, kNone, kNone, Tier::SideEffect, 45, "read.secret", "reads a secret"},
});

// One block serves Write, Create, Rename and Chmod: they differ in their verb, not in what is lost.
constexpr auto kWrites = std::to_array<EffectWeight>({
    {K::Write, kGateway, kNone, kNone, Tier::Forbidden, 95, "write.gateway",
     "changes files of this gateway"},
    {K::Write, kDevice, kNone, kNone, Tier::Irreversible, 92, "write.device",
     "writes to a raw device"},
    {K::Write, kAnywhere, only(C::SetId), kNone, Tier::Irreversible, 72, "write.setid",
     "gives rights that stay to"},
    {K::Write, places(Place::Boot), kNone, kNone, Tier::Irreversible, 82, "write.boot",
     "changes what the machine boots"},
    {K::Write, kLasting, kNone, kNone, Tier::Irreversible, 75, "write.persistent",
     "changes what starts by itself:"},
    {K::Write, places(Place::Secret), only(C::AccessKey), kNone, Tier::Irreversible, 75,
     "write.access", "changes who may enter:"},
    {K::Write, places(Place::Secret), kNone, kNone, Tier::SideEffect, 45, "write.secret",
     "changes a secret"},
    {K::Write, kRepository, only(C::Hooks), only(C::Undone), Tier::Irreversible, 66, "write.hooks",
     "changes what version control runs later:"},
    {K::Write, kRepository, only(C::Hooks), kNone, Tier::SideEffect, 45, "write.hooks",
     "changes what version control runs later:"},
    {K::Write, kRepository, only(C::Reversible), kNone, Tier::IdempotentWrite, 12,
     "write.repository", "changes the repository"},
    {K::Write, kRepository, only(C::Undone), kNone, Tier::IdempotentWrite, 16, "write.repository",
     "changes the repository"},
    {K::Write, kRepository, kNone, kNone, Tier::SideEffect, 42, "write.repository",
     "changes version control internals:"},
    {K::Write, places(Place::Ci), only(C::Undone), kNone, Tier::IdempotentWrite, 20, "write.ci",
     "changes what the CI runs:"},
    {K::Write, places(Place::Ci), kNone, kNone, Tier::SideEffect, 38, "write.ci",
     "changes what the CI runs:"},
    {K::Write, places(Place::System, Place::Home, Place::OtherPath), only(C::Contained), kNone,
     Tier::IdempotentWrite, 24, "write.confined", "tries to change what the jail keeps read-only:"},
    {K::Write, places(Place::System), only(C::Recursive), kNone, Tier::Irreversible, 66,
     "write.system", "changes much of the system:"},
    {K::Write, places(Place::System), only(C::Reversible), kNone, Tier::SideEffect, 44,
     "write.system", "changes the system:"},
    {K::Write, places(Place::System), kNone, kNone, Tier::Irreversible, 64, "write.system",
     "changes the system:"},
    {K::Write, kHomeOrOther, only(C::Recursive), only(C::Reversible), Tier::Irreversible, 48,
     "write.outside", "changes much outside the workspace:"},
    {K::Write, kHomeOrOther, only(C::Reversible), kNone, Tier::IdempotentWrite, 22, "write.outside",
     "changes a file outside the workspace:"},
    {K::Write, kHomeOrOther, kNone, kNone, Tier::SideEffect, 38, "write.outside",
     "changes a file outside the workspace:"},
    {K::Write, kTemp, kNone, kNone, Tier::IdempotentWrite, 8, "write.temporary",
     "writes a temporary file"},
    {K::Write, kWork, kNone, kNone, Tier::IdempotentWrite, 10, "write.workspace",
     "writes in the workspace:"},
    {K::Write, places(Place::Unknown), only(C::Undone), kNone, Tier::IdempotentWrite, 18,
     "write.unknown", "writes to a path that is not known"},
    {K::Write, places(Place::Unknown), kNone, kNone, Tier::SideEffect, 26, "write.unknown",
     "writes to a path that is not known"},
    {K::Write, places(Place::None, Place::Package), kNone, kNone, Tier::IdempotentWrite, 14,
     "write.other", "changes"},
    {K::Write, kAnywhere, kNone, kNone, Tier::SideEffect, 42, "write.other", "changes"},
});

constexpr auto kDeletes = std::to_array<EffectWeight>({
    {K::Delete, kGateway, kNone, kNone, Tier::Forbidden, 96, "delete.gateway",
     "deletes files of this gateway"},
    {K::Delete, kDevice, kNone, kNone, Tier::Irreversible, 92, "delete.device", "wipes a device"},
    {K::Delete, places(Place::System), only(C::PackageCache), kNone, Tier::IdempotentWrite, 18,
     "delete.rebuildable", "deletes what the package manager fetches again:"},
    {K::Delete, places(Place::Boot, Place::System), only(C::Recursive), kNone, Tier::Irreversible,
     85, "delete.system", "deletes system files below"},
    {K::Delete, places(Place::Boot, Place::System), only(C::Reversible), kNone, Tier::SideEffect,
     44, "delete.system", "removes from the system:"},
    {K::Delete, places(Place::Boot, Place::System), kNone, kNone, Tier::Irreversible, 70,
     "delete.system", "deletes a system file:"},
    {K::Delete, kWork, only(C::Undone), kNone, Tier::IdempotentWrite, 16, "delete.workspace",
     "deletes in the staged workspace:"},
    {K::Delete, kWork, only(C::Reversible), kNone, Tier::IdempotentWrite, 16, "delete.workspace",
     "deletes what can be brought back:"},
    {K::Delete, kWork, only(C::Rebuildable), kNone, Tier::IdempotentWrite, 18, "delete.rebuildable",
     "deletes what a build makes again:"},
    {K::Delete, kWork, C::Recursive | C::Narrowed, kNone, Tier::SideEffect, 38, "delete.some",
     "deletes all files of one ending:"},
    {K::Delete, kWork, only(C::Recursive), kNone, Tier::Irreversible, 44, "delete.recursive",
     "deletes everything below"},
    {K::Delete, kWork, kNone, kNone, Tier::SideEffect, 36, "delete.workspace", "deletes"},
    {K::Delete, kTemp, C::Recursive | C::Everything, kNone, Tier::SideEffect, 38,
     "delete.temporary", "deletes the temporary files of everyone:"},
    {K::Delete, kTemp, kNone, kNone, Tier::IdempotentWrite, 12, "delete.temporary",
     "deletes temporary files:"},
    {K::Delete, kRepository, only(C::Undone), kNone, Tier::IdempotentWrite, 18, "delete.repository",
     "deletes version control data in the stage:"},
    {K::Delete, kRepository, only(C::Reversible), kNone, Tier::IdempotentWrite, 16,
     "delete.repository", "deletes version control data that can be brought back:"},
    {K::Delete, kRepository, only(C::Recursive), kNone, Tier::Irreversible, 52, "delete.repository",
     "deletes the history in"},
    {K::Delete, kRepository, kNone, kNone, Tier::Irreversible, 48, "delete.repository",
     "deletes version control data:"},
    {K::Delete, places(Place::Ci), only(C::Undone), kNone, Tier::IdempotentWrite, 20, "delete.ci",
     "deletes a CI definition in the stage:"},
    {K::Delete, places(Place::Ci), kNone, kNone, Tier::SideEffect, 40, "delete.ci",
     "deletes a CI definition:"},
    {K::Delete, places(Place::Home, Place::OtherPath), only(C::Recursive), kNone,
     Tier::Irreversible, 62, "delete.recursive", "deletes, outside the workspace, all below"},
    {K::Delete, places(Place::Home, Place::OtherPath), only(C::Reversible), kNone, Tier::SideEffect,
     38, "delete.outside", "deletes what can be brought back:"},
    {K::Delete, places(Place::Home, Place::OtherPath), kNone, kNone, Tier::Irreversible, 54,
     "delete.outside", "deletes outside the workspace:"},
    {K::Delete, places(Place::Unknown), C::Recursive | C::Undone, kNone, Tier::SideEffect, 40,
     "delete.unknown", "deletes everything below a path that is not known"},
    {K::Delete, places(Place::Unknown), only(C::Recursive), kNone, Tier::Irreversible, 50,
     "delete.unknown", "deletes everything below a path that is not known"},
    {K::Delete, places(Place::Unknown), only(C::Undone), kNone, Tier::IdempotentWrite, 22,
     "delete.unknown", "deletes a path that is not known"},
    {K::Delete, places(Place::Unknown), kNone, kNone, Tier::SideEffect, 38, "delete.unknown",
     "deletes a path that is not known"},
    {K::Delete, places(Place::Package, Place::None), kNone, kNone, Tier::SideEffect, 34,
     "delete.package", "removes"},
    {K::Delete, places(Place::Account), kNone, kNone, Tier::Forbidden, 90, "delete.account",
     "deletes an account:"},
    {K::Delete, places(Place::Secret), only(C::Reversible), kNone, Tier::SideEffect, 42,
     "delete.secret", "deletes a secret"},
    {K::Delete, kAnywhere, only(C::Reversible), kNone, Tier::SideEffect, 42, "delete.other",
     "deletes"},
    {K::Delete, kAnywhere, kNone, kNone, Tier::Irreversible, 58, "delete.other", "deletes"},
});

constexpr auto kCode = std::to_array<EffectWeight>({
    {K::Execute, places(Place::PublicHost, Place::PasteOrTunnel, Place::OnionHost), kNone, kNone,
     Tier::Irreversible, 76, "execute.downloaded", "runs code fetched from"},
    {K::Execute, kGateway, kNone, kNone, Tier::SideEffect, 48, "execute.gateway",
     "runs a program of this gateway:"},
    {K::Execute, kAnywhere, only(C::Library), kNone, Tier::SideEffect, 52, "execute.library",
     "loads a library, which no program start shows:"},
    {K::Execute, kWork, kNone, kNone, Tier::IdempotentWrite, 14, "execute.workspace",
     "runs code of the workspace:"},
    {K::Execute, places(Place::System, Place::None), kNone, kNone, Tier::IdempotentWrite, 26,
     "execute.installed", "runs an installed program:"},
    {K::Execute,
     places(Place::PrivateHost, Place::Loopback, Place::Service, Place::Database,
            Place::MetadataService, Place::Account, Place::Process),
     kNone, kNone, Tier::SideEffect, 45, "execute.elsewhere", "runs something on"},
    {K::Execute, kLasting, kNone, kNone, Tier::SideEffect, 45, "execute.other", "runs"},
    {K::Execute, kAnywhere, only(C::Contained), kNone, Tier::IdempotentWrite, 22, "execute.unknown",
     "runs code that is not known, in the jail:"},
    {K::Execute, places(Place::Package), kNone, kNone, Tier::SideEffect, 22, "execute.package",
     "fetches and runs"},
    {K::Execute, kAnywhere, kNone, kNone, Tier::SideEffect, 46, "execute.unknown",
     "runs code that is not known:"},
    {K::Eval, kAnywhere, only(C::Contained), kNone, Tier::IdempotentWrite, 22, "execute.dynamic",
     "runs code made at run time, in the jail"},
    {K::Eval, kAnywhere, kNone, kNone, Tier::SideEffect, 36, "execute.dynamic",
     "runs code made at run time"},
    {K::Env, kAnywhere, only(C::Loader), only(C::Contained), Tier::SideEffect, 46,
     "environment.loader", "makes later programs load code:"},
    {K::Env, places(Place::System, Place::Home, Place::Workspace, Place::None), only(C::SearchPath),
     only(C::Loader), Tier::IdempotentWrite, 14, "environment.path",
     "changes what command names mean:"},
    {K::Env, kAnywhere, only(C::SearchPath), only(C::Contained), Tier::SideEffect, 36,
     "environment.path", "changes what command names mean:"},
    {K::Env, kAnywhere, kNone, kNone, Tier::IdempotentWrite, 10, "environment",
     "sets a variable that programs heed:"},
    {K::Unknown, kAnywhere, only(C::Contained), kNone, Tier::IdempotentWrite, 25, "unknown",
     "does what cannot be told, in the jail"},
    {K::Unknown, kAnywhere, kNone, kNone, Tier::SideEffect, 34, "unknown",
     "does what cannot be told"},
});

constexpr auto kNetwork = std::to_array<EffectWeight>({
    {K::Download, kMetadata, kNone, kNone, Tier::Irreversible, 78, "metadata",
     "asks the cloud's metadata service for credentials:"},
    {K::Download, places(Place::OnionHost), kNone, kNone, Tier::Irreversible, 62, "download.dark",
     "fetches from a hidden service:"},
    {K::Download, places(Place::PasteOrTunnel), kNone, kNone, Tier::SideEffect, 46,
     "download.paste", "fetches from a paste or tunnel service:"},
    {K::Download, places(Place::Loopback), kNone, kNone, Tier::IdempotentWrite, 6, "download.local",
     "fetches from"},
    {K::Download, places(Place::PrivateHost), kNone, kNone, Tier::IdempotentWrite, 12,
     "download.private", "fetches from"},
    {K::Download, places(Place::Package), kNone, kNone, Tier::IdempotentWrite, 16,
     "download.package", "installs from a registry:"},
    {K::Download, places(Place::Unknown), only(C::Contained), kNone, Tier::IdempotentWrite, 24,
     "download.unknown", "fetches from a host that is not known"},
    {K::Download, places(Place::Unknown), kNone, kNone, Tier::SideEffect, 36, "download.unknown",
     "fetches from a host that is not known"},
    {K::Download, kAnywhere, kNone, kNone, Tier::IdempotentWrite, 28, "download.public",
     "fetches from"},
    {K::Upload, kMetadata, kNone, kNone, Tier::Irreversible, 80, "metadata",
     "sends to the cloud's metadata service:"},
    {K::Upload, kDark, kNone, kNone, Tier::Irreversible, 74, "upload.dark",
     "sends data to a service used for leaks:"},
    {K::Upload, kLocalNet, kNone, kNone, Tier::IdempotentWrite, 16, "upload.local",
     "sends data to"},
    {K::Upload, places(Place::PrivateHost), kNone, kNone, Tier::SideEffect, 36, "upload.private",
     "sends data to"},
    {K::Upload, kAnywhere, kNone, kNone, Tier::SideEffect, 58, "upload", "sends data to"},
    {K::Connect, kMetadata, kNone, kNone, Tier::Irreversible, 78, "metadata",
     "asks the cloud's metadata service for credentials:"},
    {K::Connect, kDark, kNone, kNone, Tier::Irreversible, 64, "connect.dark",
     "connects to a service used for leaks:"},
    {K::Connect, kLocalNet, kNone, kNone, Tier::IdempotentWrite, 6, "connect.local", "connects to"},
    {K::Connect, places(Place::PublicHost, Place::PrivateHost), only(C::Probe), kNone,
     Tier::IdempotentWrite, 12, "connect.probe", "asks"},
    {K::Connect, places(Place::PrivateHost), kNone, kNone, Tier::IdempotentWrite, 20,
     "connect.private", "connects to"},
    {K::Connect, kAnywhere, kNone, kNone, Tier::SideEffect, 32, "connect", "connects to"},
    {K::Listen, kLocalNet, kNone, kNone, Tier::IdempotentWrite, 12, "listen.local",
     "serves on this machine:"},
    {K::Listen, kAnywhere, kNone, kNone, Tier::SideEffect, 40, "listen", "serves to the network:"},
    {K::Publish, kAnywhere, only(C::Forced), kNone, Tier::Irreversible, 56, "publish.forced",
     "overwrites what others have:"},
    {K::Publish, kAnywhere, only(C::Destroys), kNone, Tier::Irreversible, 56, "publish.removed",
     "removes what others have:"},
    {K::Publish, kAnywhere, kNone, kNone, Tier::SideEffect, 40, "publish",
     "makes public or shares:"},
});

constexpr auto kMachine = std::to_array<EffectWeight>({
    {K::Signal, kAnywhere, only(C::Special), kNone, Tier::Irreversible, 70, "signal.all",
     "stops the whole machine or every process:"},
    {K::Signal, kAnywhere, only(C::Contained), kNone, Tier::IdempotentWrite, 20, "signal",
     "stops or signals"},
    {K::Signal, kAnywhere, kNone, kNone, Tier::SideEffect, 32, "signal", "stops or signals"},
    {K::Privilege, kAnywhere, only(C::SetId), kNone, Tier::Irreversible, 72, "privilege.lasting",
     "gives rights that stay to"},
    {K::Privilege, kAnywhere, only(C::Contained), kNone, Tier::IdempotentWrite, 26, "privilege",
     "asks for other rights, which the jail refuses"},
    {K::Privilege, kAnywhere, kNone, kNone, Tier::SideEffect, 42, "privilege",
     "runs with other rights"},
    {K::Persist, kGateway, kNone, kNone, Tier::Forbidden, 95, "persist.gateway",
     "changes how this gateway starts"},
    {K::Persist, kAnywhere, only(C::Undone), kNone, Tier::SideEffect, 46, "persist",
     "stays active later, in the stage:"},
    {K::Persist, kAnywhere, kNone, kNone, Tier::Irreversible, 75, "persist",
     "stays active after this action:"},
    {K::Configure, kGateway, kNone, kNone, Tier::Forbidden, 95, "configure.gateway",
     "changes this gateway"},
    {K::Configure, kAnywhere, C::Network | C::Reversible, kNone, Tier::Irreversible, 66,
     "configure.network_up", "switches on a part of the network:"},
    {K::Configure, kAnywhere, only(C::Network), kNone, Tier::Forbidden, 90, "configure.network",
     "changes network configuration:"},
    {K::Configure, places(Place::Account), kNone, kNone, Tier::Forbidden, 90, "configure.identity",
     "changes identities:"},
    {K::Configure, kWork, kNone, kNone, Tier::IdempotentWrite, 12, "configure.workspace",
     "configures"},
    {K::Configure, places(Place::Package, Place::Temporary, Place::None), kNone, kNone,
     Tier::IdempotentWrite, 16, "configure.tool", "configures"},
    {K::Configure, kRepository, only(C::Hooks), kNone, Tier::Irreversible, 66, "write.hooks",
     "changes what version control runs later:"},
    {K::Configure, kRepository, kNone, kNone, Tier::IdempotentWrite, 14, "configure.workspace",
     "configures"},
    {K::Configure, places(Place::System, Place::Home, Place::OtherPath), only(C::Contained), kNone,
     Tier::IdempotentWrite, 26, "configure.confined",
     "tries to configure what the jail keeps read-only:"},
    {K::Configure, kAnywhere, only(C::Reversible), kNone, Tier::IdempotentWrite, 22,
     "configure.user", "configures"},
    {K::Configure, places(Place::Home), kNone, kNone, Tier::SideEffect, 34, "configure.user",
     "configures"},
    {K::Configure, places(Place::System, Place::Boot, Place::Device), kNone, kNone,
     Tier::Irreversible, 66, "configure.system", "changes system configuration:"},
    {K::Configure, kLasting, kNone, kNone, Tier::Irreversible, 72, "configure.persistent",
     "changes what starts by itself:"},
    {K::Configure, kAnywhere, kNone, kNone, Tier::SideEffect, 40, "configure", "configures"},
    {K::Identity, kAnywhere, C::Cloud | C::Destroys, kNone, Tier::Irreversible, 78,
     "identity.removed", "takes identities or rights away:"},
    {K::Identity, kAnywhere, only(C::Cloud), kNone, Tier::Forbidden, 92, "identity",
     "changes identities or rights:"},
    {K::Identity, kAnywhere, only(C::KeyMaterial), kNone, Tier::SideEffect, 46, "identity.keys",
     "makes, uses or changes keys:"},
    {K::Identity, places(Place::System, Place::Account), only(C::Contained), kNone,
     Tier::SideEffect, 48, "identity.confined",
     "tries to change local accounts, which the jail refuses:"},
    {K::Identity, places(Place::Database), kNone, kNone, Tier::Irreversible, 70,
     "identity.database", "changes rights in the database:"},
    {K::Identity, kAnywhere, kNone, kNone, Tier::Irreversible, 78, "identity.local",
     "changes accounts or rights:"},
});

constexpr auto kServices = std::to_array<EffectWeight>({
    {K::Deploy, kAnywhere, only(C::Production), kNone, Tier::Irreversible, 76, "deploy.production",
     "deploys to production:"},
    {K::Deploy, kAnywhere, only(C::Destroys), kNone, Tier::Irreversible, 74, "deploy.removed",
     "removes a deployment:"},
    {K::Deploy, kAnywhere, only(C::Forced), kNone, Tier::Irreversible, 70, "deploy.forced",
     "deploys by force:"},
    {K::Deploy, kAnywhere, kNone, kNone, Tier::SideEffect, 44, "deploy", "deploys"},
    {K::Infra, kAnywhere, only(C::Production), kNone, Tier::Irreversible, 78, "infra.production",
     "changes production:"},
    {K::Infra, kAnywhere, only(C::Destroys), only(C::Reversible), Tier::Irreversible, 74,
     "infra.removed", "destroys infrastructure:"},
    {K::Infra, kAnywhere, only(C::Recursive), only(C::Reversible), Tier::Irreversible, 74,
     "infra.removed", "destroys infrastructure:"},
    {K::Infra, kAnywhere, only(C::Reversible), kNone, Tier::IdempotentWrite, 26, "infra.local",
     "starts or changes a service:"},
    {K::Infra, kAnywhere, kNone, kNone, Tier::SideEffect, 48, "infra", "changes infrastructure:"},
    {K::DbRead, places(Place::Secret), kNone, kNone, Tier::SideEffect, 45, "read.secret",
     "reads credentials of the database:"},
    {K::DbRead, kAnywhere, kNone, kNone, Tier::ReadOnly, 3, "database.read", "reads"},
    {K::DbWrite, kAnywhere, only(C::Production), kNone, Tier::Irreversible, 74,
     "database.production", "changes production data:"},
    {K::DbWrite, kAnywhere, only(C::Undone), kNone, Tier::IdempotentWrite, 20, "database.write",
     "changes rows in the stage:"},
    {K::DbWrite, kAnywhere, only(C::Recursive), kNone, Tier::Irreversible, 70, "database.every_row",
     "changes or deletes every row of"},
    {K::DbWrite, kAnywhere, only(C::Reversible), kNone, Tier::IdempotentWrite, 22, "database.write",
     "changes rows of"},
    {K::DbWrite, kAnywhere, kNone, kNone, Tier::SideEffect, 40, "database.write",
     "changes rows of"},
    {K::DbSchema, kAnywhere, only(C::Undone), kNone, Tier::IdempotentWrite, 22, "database.schema",
     "changes the schema in the stage:"},
    {K::DbSchema, kAnywhere, only(C::Destroys), kNone, Tier::Irreversible, 74, "database.drop",
     "drops"},
    {K::DbSchema, kAnywhere, only(C::Recursive), kNone, Tier::Irreversible, 74, "database.drop",
     "drops"},
    {K::DbSchema, kAnywhere, kNone, kNone, Tier::SideEffect, 40, "database.schema",
     "changes the schema:"},
});

constexpr std::size_t kWeightCount = kReads.size() + kWrites.size() + kDeletes.size() +
                                     kCode.size() + kNetwork.size() + kMachine.size() +
                                     kServices.size();

constexpr auto join() {
    std::array<EffectWeight, kWeightCount> all{};
    std::size_t next = 0;
    const auto append = [&](const auto& part) {
        for (const EffectWeight& row : part) {
            all[next++] = row;
        }
    };
    append(kReads);
    append(kWrites);
    append(kDeletes);
    append(kCode);
    append(kNetwork);
    append(kMachine);
    append(kServices);
    return all;
}

constexpr auto kEffectWeights = join();

constexpr std::size_t kKinds = model::kEffectKindNames.size();
constexpr std::size_t kPlaces = 32;

struct Asked {
    std::size_t first = kWeightCount;
    std::array<Conditions, kPlaces> at{};
};

constexpr auto asked_by_kind() {
    std::array<Asked, kKinds> all{};
    for (std::size_t i = 0; i < kWeightCount; ++i) {
        const EffectWeight& row = kEffectWeights[i];
        Asked& asked = all[static_cast<std::size_t>(row.kind)];
        asked.first = asked.first < i ? asked.first : i;
        for (std::size_t place = 0; place < kPlaces; ++place) {
            if (row.where.has(static_cast<model::Place>(place))) {
                asked.at[place] = asked.at[place] | row.needs | row.lacks;
            }
        }
    }
    return all;
}

constexpr auto kAsked = asked_by_kind();

constexpr auto kFindingWeights = std::to_array<FindingWeight>({
    {"fork_bomb", Tier::Forbidden, 92},
    {"device_wipe", Tier::Irreversible, 94},
    {"gateway_tampering", Tier::Forbidden, 96},
    {"syntax_error", Tier::Forbidden, 60},
    {"reverse_shell", Tier::Irreversible, 90},
    {"bind_shell", Tier::Irreversible, 88},
    {"download_to_interpreter", Tier::Irreversible, 80},
    {"encoded_payload", Tier::Irreversible, 78},
    {"exfiltration", Tier::Irreversible, 80},
    {"miner", Tier::Irreversible, 85},
    {"untrusted_origin", Tier::Irreversible, 70},
    {"disguised_command", Tier::SideEffect, 70},
    {"open_shell", Tier::SideEffect, 66},
    {"foreign_code", Tier::SideEffect, 62},
    {"staged_data", Tier::SideEffect, 62},
});

}  // namespace

std::span<const EffectWeight> effect_weights() {
    return kEffectWeights;
}

std::span<const EffectWeight> effect_weights_from(model::EffectKind kind) {
    return std::span(kEffectWeights).subspan(kAsked[static_cast<std::size_t>(kind)].first);
}

Conditions conditions_asked(model::EffectKind kind, model::Place place) {
    return kAsked[static_cast<std::size_t>(kind)].at[static_cast<std::size_t>(place) % kPlaces];
}

std::span<const FindingWeight> finding_weights() {
    return kFindingWeights;
}

FindingWeight severity_weight(model::Severity severity) {
    switch (severity) {
        case model::Severity::Critical:
            return {"", Tier::Irreversible, 76};
        case model::Severity::High:
            return {"", Tier::SideEffect, 50};
        case model::Severity::Medium:
            return {"", Tier::IdempotentWrite, 22};
        case model::Severity::Low:
            return {"", Tier::ReadOnly, 8};
        case model::Severity::Info:
            break;
    }
    return {"", Tier::ReadOnly, 0};
}

}  // namespace countersign::risk
