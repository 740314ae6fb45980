package androidx.test.runner.lifecycle;

/** Stands in for androidx.test:monitor, which Robolectric calls and which comes as an AAR: Maven puts none on a classpath. */
public final class ActivityLifecycleMonitorRegistry {
    private ActivityLifecycleMonitorRegistry() {}

    public static void registerInstance(ActivityLifecycleMonitor monitor) {}
}
