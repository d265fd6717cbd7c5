package org.apache.zookeeper.server;

import java.io.File;
import java.io.IOException;
import org.apache.zookeeper.server.quorum.OutsideMain;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig.ConfigException;

/** The same as OutsideMain, for a server alone (where the tests say "new TestZKSMain"). */
public class OutsideAlone extends ZooKeeperServerMainTest.TestZKSMain {

    private volatile Process process;

    @Override
    protected void initializeAndRun(String[] args) throws ConfigException, IOException {
        process = OutsideServer.launch(new File(args[0]));
        try {
            OutsideMain.fail(process.waitFor(), args[0]);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void shutdown() {
        OutsideServer.end(process);
    }
}
