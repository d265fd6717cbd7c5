package org.apache.zookeeper.server.quorum;

import java.io.File;
import java.io.IOException;
import org.apache.zookeeper.server.ExitCode;
import org.apache.zookeeper.server.OutsideServer;
import org.apache.zookeeper.server.persistence.FileTxnSnapLog;

/**
 * What ZooKeeper's own tests take for the main program of one member (where they say "new TestQPMain"): it starts a process on
 * the file that it is given, and lasts as long as that.
 */
public class OutsideMain extends QuorumPeerTestBase.TestQPMain {

    private volatile Process process;

    @Override
    protected void initializeAndRun(String[] args) throws QuorumPeerConfig.ConfigException, IOException {
        File config = new File(args[0]);
        process = OutsideServer.launch(config);
        if (isMember(config)) {
            quorumPeer = new OutsidePeer(config, process);
        }
        try {
            fail(process.waitFor(), args[0]);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What Java's program would have thrown before it ended with that code. */
    public static void fail(int exitCode, String config) throws QuorumPeerConfig.ConfigException, IOException {
        if (exitCode == ExitCode.INVALID_INVOCATION.getValue()) {
            throw new QuorumPeerConfig.ConfigException("the server of " + config + " refuses its configuration");
        }
        if (exitCode == ExitCode.UNABLE_TO_ACCESS_DATADIR.getValue()) {
            throw new FileTxnSnapLog.DatadirException("the server of " + config + " cannot use its directory");
        }
        if (exitCode == ExitCode.UNEXPECTED_ERROR.getValue()) {
            throw new IOException("the server of " + config + " has ended with exit code 1");
        }
    }

    private static boolean isMember(File config) throws IOException {
        return OutsideServer.read(config).stringPropertyNames().stream().filter(name -> name.startsWith("server.")).count() > 1;
    }

    @Override
    public void shutdown() {
        OutsideServer.end(process);
    }
}
