export { Simulation, type Fault, type SimulationSetup } from "./simulation.js";
