// Makes the members a replica set, once, and sees that the servers' user is there with its password. Runs in mongosh, in
// the network of the first member: as long as there is no user, MongoDB lets in whoever comes from its own host.

const MEMBERS = ["mongo1", "mongo2", "mongo3"];
const DATABASE = "epic";
// readWrite lacks collMod, by which a server changes how long an index keeps what has expired.
const ROLES = ["readWrite", "dbAdmin"].map((role) => ({ role, db: DATABASE }));
const SECONDS_MAX = 90;

const adminPassword = process.env.MONGO_ADMIN_PASSWORD;
const epicPassword = process.env.MONGO_EPIC_PASSWORD;

function isAdministrator(admin) {
    try {
        return admin.auth("admin", adminPassword).ok === 1;
    } catch {
        return false;
    }
}

function initiate(admin) {
    // The first member is preferred, so that it is the one that takes the first user.
    const members = MEMBERS.map((name, index) => ({
        _id: index,
        host: `${name}:27017`,
        priority: index === 0 ? 2 : 1,
    }));
    try {
        admin.runCommand({ replSetInitiate: { _id: "rs0", members } });
    } catch (error) {
        // A run before this one may have been cut off here.
        if (error.codeName !== "AlreadyInitialized") {
            throw error;
        }
    }
    for (let second = 0; !admin.hello().isWritablePrimary; second += 1) {
        if (second === SECONDS_MAX) {
            throw new Error("the first member did not become the primary");
        }
        sleep(1000);
    }
    admin.createUser({ user: "admin", pwd: adminPassword, roles: ["root"] });
}

const first = new Mongo("mongodb://127.0.0.1:27017/?directConnection=true").getDB("admin");
if (!isAdministrator(first)) {
    initiate(first);
}

// From now on as anybody else: through whichever member is the primary, or is about to be.
const hosts = MEMBERS.map((name) => `${name}:27017`).join(",");
const options = "replicaSet=rs0&authSource=admin&serverSelectionTimeoutMS=60000";
const everybody = new Mongo(`mongodb://admin:${encodeURIComponent(adminPassword)}@${hosts}/?${options}`);
const epic = everybody.getDB(DATABASE);
if (epic.getUser("epic") === null) {
    epic.createUser({ user: "epic", pwd: epicPassword, roles: ROLES });
} else {
    epic.updateUser("epic", { pwd: epicPassword, roles: ROLES });
}
print("the replica set and its users are there");
